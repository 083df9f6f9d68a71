-- What a business has done for the first time, and on which pages its keys were seen.

create table launch_steps (
  tenant_id uuid not null,
  step      text not null,
  position  bigint not null,
  done_at   timestamptz not null,
  primary key (tenant_id, step)
);

-- Not folds: that a page loaded the widget, or that a backend asked for a link, is no event.
create table key_sightings (
  tenant_id     uuid not null,
  key_id        uuid not null,
  origin        text not null,          -- the page's, as its browser told it
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null,
  primary key (tenant_id, key_id, origin)
);

create table first_handoffs (
  tenant_id uuid primary key,
  first_at  timestamptz not null
);

select oc_protect('launch_steps'), oc_protect('key_sightings'), oc_protect('first_handoffs');
