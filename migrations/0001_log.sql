-- The log: every tenant's events in one dense order, and what its writers and readers need beside it.

-- Requests run as openchat_request, which row-level security holds to one tenant (the setting oc.tenant).
-- The appender and the projector serve many tenants in one statement and run as openchat_worker.
do $$
begin
  if not exists (select from pg_roles where rolname = 'openchat_request') then
    create role openchat_request nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'openchat_worker') then
    create role openchat_worker nologin;
  end if;
end $$;

do $$
begin
  execute format('grant openchat_request, openchat_worker to %I', current_user);
  execute format('grant usage on schema %I to openchat_request, openchat_worker', current_schema());
end $$;

-- Puts a tenant's table behind both locks: forced row-level security, and no more rights than each role needs.
create function oc_protect(target text) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy one_tenant on %s to openchat_request
       using (tenant_id = nullif(current_setting(''oc.tenant'', true), '''')::uuid)', target);
  execute format('create policy every_tenant on %s to openchat_worker, current_user using (true)', target);
  execute format('grant select, insert, update, delete on %s to openchat_request, openchat_worker', target);
end $$;

-- The position of each tenant's latest event. Locking a row here is what puts appends in order.
create table log_heads (
  tenant_id uuid primary key,
  position  bigint not null
);

create table events (
  tenant_id      uuid not null,
  position       bigint not null,          -- 1, 2, 3, … per tenant, without holes, in commit order
  aggregate_type text not null,
  aggregate_id   text not null,            -- its prefix implies the type
  sequence       bigint not null,          -- 1, 2, 3, … per aggregate
  event_type     text not null,
  event_version  text not null,            -- text, because cqrs-es reads it so
  payload        json not null,            -- json, not jsonb: the digest is over these very bytes
  metadata       json not null,
  recorded_at    timestamptz not null,
  command_id     uuid not null,
  command_index  smallint not null,        -- 0, 1, … among the command's events
  salt           bytea not null,
  digest         bytea not null,           -- sha256(salt || payload)
  primary key (tenant_id, position),
  unique (tenant_id, aggregate_id, sequence)
);

-- A command happens once.
create unique index events_command on events (tenant_id, command_id) where command_index = 0;

create function oc_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the event log is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete on events
  for each row execute function oc_refuse_change();
create trigger append_only_whole before truncate on events
  for each statement execute function oc_refuse_change();

-- Appends a batch of commands, checking each: its id, its condition, its expected sequence. One refused command
-- leaves nothing of its own and nothing of its neighbours' undone. Commands and events come as parallel arrays;
-- event i belongs to command event_command[i] (from 1), in order.
create function oc_append(
  tenants uuid[], aggregate_types text[], aggregate_ids text[], expected bigint[], commands uuid[],
  metadata text[], recorded timestamptz[], condition_after bigint[], condition_types text[],
  event_command int[], event_types text[], event_versions text[], payloads text[], salts bytea[], digests bytea[]
) returns table (outcome text, head bigint) language plpgsql as $$
declare
  i int;
  first_event int := 1;
  n int;
  base bigint;
  done bigint;
  latest bigint;
begin
  insert into log_heads select distinct t, 0 from unnest(tenants) t order by t on conflict do nothing;
  perform from log_heads where tenant_id = any(tenants) order by tenant_id for update;
  -- From here on each statement sees all that was committed for these tenants, and nobody else can append.
  for i in 1 .. cardinality(tenants) loop
    n := 0;
    while first_event + n <= cardinality(event_command) and event_command[first_event + n] = i loop
      n := n + 1;
    end loop;
    select position into done from events
      where tenant_id = tenants[i] and command_id = commands[i] and command_index = 0;
    select coalesce(max(sequence), 0) into latest from events
      where tenant_id = tenants[i] and aggregate_id = aggregate_ids[i];
    if done is not null then
      outcome := 'done';
      head := done;
    elsif latest <> expected[i] then
      outcome := 'conflict';
      head := null;
    elsif condition_after[i] is not null and exists (
      select from events
        where tenant_id = tenants[i] and position > condition_after[i]
          and event_type = any(string_to_array(condition_types[i], ','))
    ) then
      outcome := 'unmet';
      head := null;
    else
      update log_heads set position = position + n where tenant_id = tenants[i] returning position - n into base;
      insert into events
        select tenants[i], base + k, aggregate_types[i], aggregate_ids[i], expected[i] + k,
               event_types[first_event + k - 1], event_versions[first_event + k - 1],
               payloads[first_event + k - 1]::json, metadata[i]::json, recorded[i],
               commands[i], k - 1, salts[first_event + k - 1], digests[first_event + k - 1]
        from generate_series(1, n) k;
      outcome := 'appended';
      head := base + n;
    end if;
    first_event := first_event + n;
    return next;
  end loop;
end $$;

-- The folded state of an aggregate up to a sequence; may be deleted at any time.
create table snapshots (
  tenant_id        uuid not null,
  aggregate_id     text not null,
  sequence         bigint not null,
  position         bigint not null,
  snapshot_version int not null,
  state            json not null,
  primary key (tenant_id, aggregate_id)
);

-- How far each reader has come in each tenant's log.
create table checkpoints (
  reader    text not null,
  tenant_id uuid not null,
  position  bigint not null,
  primary key (reader, tenant_id)
);

-- Streams that a read model could not follow; their later events are skipped until it is rebuilt.
create table parked_streams (
  reader       text not null,
  tenant_id    uuid not null,
  aggregate_id text not null,
  position     bigint not null,
  error        text not null,
  parked_at    timestamptz not null,
  primary key (reader, tenant_id, aggregate_id)
);

-- The version of each read model's tables and fold.
create table read_models (
  name    text primary key,
  version int not null
);

select oc_protect('log_heads'), oc_protect('events'), oc_protect('snapshots'), oc_protect('checkpoints'),
       oc_protect('parked_streams');
grant select, insert, update, delete on read_models to openchat_worker;
revoke update, delete on events from openchat_request, openchat_worker;
