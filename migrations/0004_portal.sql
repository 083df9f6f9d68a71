-- What the portal works with: the canned replies, and where each key was seen.

-- A read model like the others, one row per business.
create table canned_replies (
  tenant_id uuid not null,
  position bigint not null,
  data json not null,
  primary key (tenant_id)
);

-- Not a fold: that a browser's page has presented a key is no event.
create table key_sightings (
  tenant_id uuid not null,
  key_id uuid not null,
  origin text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (tenant_id, key_id, origin)
);

select oc_protect('canned_replies'), oc_protect('key_sightings');
