-- The read models: folds of the log that can be thrown away and built again.
--
-- Every row remembers the position of the last event folded into it. A table is copied by
-- `create table rebuild.<t> (like public.<t> including all)` when it is built anew, so none of them has
-- foreign keys, serials or triggers. Columns stand beside a document only where a query looks for them.

create table inbox (
  tenant_id uuid not null,
  conversation_id uuid not null,
  position bigint not null,
  customer_id uuid not null,
  status text not null check (status in ('open', 'snoozed', 'resolved')),
  assignee_id uuid,
  activity bigint not null,
  snoozed_until timestamptz,
  search tsvector not null,
  data json not null,
  primary key (tenant_id, conversation_id)
);

-- An index per view of the inbox, in the order of its pages.
create index inbox_all on inbox (tenant_id, activity desc);
create index inbox_mine on inbox (tenant_id, assignee_id, activity desc)
  where status <> 'resolved' and assignee_id is not null;
create index inbox_unassigned on inbox (tenant_id, activity desc)
  where status <> 'resolved' and assignee_id is null;
create index inbox_unresolved on inbox (tenant_id, activity desc) where status <> 'resolved';
create index inbox_resolved on inbox (tenant_id, activity desc) where status = 'resolved';
create index inbox_customer on inbox (tenant_id, customer_id, activity desc) include (conversation_id);
create index inbox_snoozed on inbox (snoozed_until, tenant_id) where snoozed_until is not null;
-- Its lexemes begin with a part of the tenant's id. The pending list is kept short because every search reads it.
create index inbox_search on inbox using gin (search) with (gin_pending_list_limit = 512);

create table transcript (
  tenant_id uuid not null,
  conversation_id uuid not null,
  position bigint not null,
  note boolean not null,
  data json not null,
  primary key (tenant_id, conversation_id, position)
);

-- Whether an answer is awaited changes most, and is in no index.
create table routing (
  tenant_id uuid not null,
  conversation_id uuid not null,
  position bigint not null,
  rank smallint not null,
  snoozed boolean not null,
  waiting_position bigint,
  waiting_since timestamptz,
  assignee_id uuid,
  assigned_at bigint,
  unanswered boolean not null,
  primary key (tenant_id, conversation_id)
) with (fillfactor = 80);

create index routing_waiting on routing (tenant_id, rank, waiting_position) where waiting_position is not null;
create index routing_assigned on routing (tenant_id, assignee_id, snoozed) where assignee_id is not null;
create index routing_standing on routing (tenant_id)
  where waiting_position is not null or snoozed or rank <> 2;

create table routing_agents (
  tenant_id uuid not null,
  agent_id uuid not null,
  position bigint not null,
  name text not null,
  online boolean not null,
  capacity bigint not null,
  last_assigned bigint not null,
  offline_since bigint,
  deactivated_at bigint,
  primary key (tenant_id, agent_id)
);

-- What changes most, the time at which a customer was last seen, is in no index; the space left free on every page
-- lets such a change stay on its page and out of the indexes.
create table customers (
  tenant_id uuid not null,
  customer_id uuid not null,
  position bigint not null,
  since bigint not null,
  search tsvector not null,
  data json not null,
  primary key (tenant_id, customer_id)
) with (fillfactor = 80);

create index customers_since on customers (tenant_id, since desc);
create index customers_search on customers using gin (search) with (gin_pending_list_limit = 512);

create table agents (
  tenant_id uuid not null,
  agent_id uuid not null,
  position bigint not null,
  user_id uuid,
  online boolean not null,
  available boolean not null,
  data json not null,
  primary key (tenant_id, agent_id)
);

create index agents_available on agents (tenant_id, agent_id) where available;
create index agents_user on agents (user_id, tenant_id) where user_id is not null;

create table integration_keys (
  tenant_id uuid not null,
  key_id uuid not null,
  position bigint not null,
  data json not null,
  primary key (tenant_id, key_id)
);

create unique index integration_keys_id on integration_keys (key_id, tenant_id);

-- Not a fold: that a key was used is no event.
create table key_usage (
  tenant_id uuid not null,
  key_id uuid not null,
  last_used_at timestamptz not null,
  primary key (tenant_id, key_id)
);

create table businesses (
  tenant_id uuid not null,
  position bigint not null,
  data json not null,
  primary key (tenant_id)
);

-- Row-level security keeps a text search from using its index, because the operator is not leakproof. These two
-- functions run as the tables' owner, who sees all rows, and look only at the tenant that the connection is bound to.
create function inbox_matching(query tsquery, view text, agent uuid, before bigint, wanted bigint)
returns table (id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
  with hits as materialized (
    select i.tenant_id, i.conversation_id, i.status, i.assignee_id, i.activity from inbox i where i.search @@ query
  )
  select conversation_id from hits
  where tenant_id = nullif(current_setting('oc.tenant', true), '')::uuid
    and activity < before
    and case view
      when 'mine' then status <> 'resolved' and assignee_id = agent
      when 'unassigned' then status <> 'resolved' and assignee_id is null
      when 'resolved' then status = 'resolved'
      else true
    end
  order by activity desc
  limit wanted
$$;

create function customers_matching(query tsquery, before bigint, wanted bigint)
returns table (id uuid)
language sql stable security definer set search_path = public, pg_temp
as $$
  with hits as materialized (
    select c.tenant_id, c.customer_id, c.since from customers c where c.search @@ query
  )
  select customer_id from hits
  where tenant_id = nullif(current_setting('oc.tenant', true), '')::uuid and since < before
  order by since desc
  limit wanted
$$;

revoke execute on function inbox_matching, customers_matching from public;
grant execute on function inbox_matching, customers_matching to openchat_request;

select oc_protect('inbox'), oc_protect('transcript'), oc_protect('routing'), oc_protect('routing_agents'),
   oc_protect('customers'), oc_protect('agents'), oc_protect('integration_keys'), oc_protect('key_usage'),
   oc_protect('businesses');
