-- Who may come in: people and their sessions, customers' sessions, and what the edge remembers about requests.
-- None of it is history: these are plain tables.

-- A person; not any tenant's, so only the worker role may look.
create table users (
  user_id       uuid primary key,
  email         text not null,
  name          text not null,
  password_hash text not null,          -- argon2id, in PHC form
  created_at    timestamptz not null
);
create unique index users_email on users (lower(email));

create table sessions (
  session_id uuid primary key,
  token_hash bytea not null unique,     -- sha256 of the cookie's value
  user_id    uuid not null references users,
  created_at timestamptz not null,
  expires_at timestamptz not null,      -- slides on while the session is used
  revoked_at timestamptz
);
create index sessions_user on sessions (user_id) where revoked_at is null;
create index sessions_expiry on sessions (expires_at);

grant select, insert, update, delete on users, sessions to openchat_worker;

-- Whose team a person is on; at most one at a time. What it may do there is in the log.
create table memberships (
  tenant_id  uuid not null,
  user_id    uuid not null unique references users,
  agent_id   uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, user_id),
  unique (tenant_id, agent_id)
);

-- The names in addresses, reserved before a business begins.
create table business_directory (
  tenant_id  uuid primary key,
  slug       text not null unique,
  owner_id   uuid not null unique references users,
  agent_id   uuid not null,
  channel_id uuid not null,
  created_at timestamptz not null
);

create table invites (
  tenant_id  uuid not null,
  agent_id   uuid not null,
  token_hash bytea not null unique,
  email      text not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  primary key (tenant_id, agent_id)
);

create table customer_sessions (
  tenant_id   uuid not null,
  session_id  uuid not null,
  token_hash  bytea not null unique,
  customer_id uuid not null,
  key_id      uuid,                     -- the widget's key; without one it came from a handoff
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  revoked_at  timestamptz,
  primary key (tenant_id, session_id)
);
create index customer_sessions_id on customer_sessions (session_id);
create index customer_sessions_customer on customer_sessions (tenant_id, customer_id);
create index customer_sessions_expiry on customer_sessions (expires_at);

create table handoffs (
  tenant_id   uuid not null,
  token_hash  bytea not null unique,
  customer_id uuid not null,
  key_id      uuid not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  used_at     timestamptz,
  primary key (tenant_id, token_hash)
);
create index handoffs_expiry on handoffs (expires_at);

-- The first answer to each Idempotency-Key, and the command id that makes carrying it out again harmless.
create table idempotency_keys (
  tenant_id       uuid not null,
  key_id          uuid not null,
  idempotency_key text not null,
  request_hash    bytea not null,       -- sha256 of method, path and body
  command_id      uuid not null,
  created_at      timestamptz not null,
  claimed_at      timestamptz,          -- when somebody began to work on it; null when nobody does
  status          smallint,             -- null until there is an answer
  headers         json,
  body            bytea,
  primary key (tenant_id, key_id, idempotency_key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

select oc_protect('memberships'), oc_protect('business_directory'), oc_protect('invites'),
       oc_protect('customer_sessions'), oc_protect('handoffs'), oc_protect('idempotency_keys');

-- Readiness compares them with what the binary brings.
grant select on migrations to openchat_worker;
