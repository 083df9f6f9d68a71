-- What the portal works with: the canned replies, a read model like the others, one row per business.

create table canned_replies (
  tenant_id uuid not null,
  position bigint not null,
  data json not null,
  primary key (tenant_id)
);

select oc_protect('canned_replies');
