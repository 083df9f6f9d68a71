-- Files that people send each other. The bytes lie in the object store, under tenant and id; a row says whose a file is and
-- in which conversation it may be read. What a message says of its file is in the log.

create table files (
  tenant_id       uuid not null,
  file_id         uuid not null,
  uploader        text not null,           -- cus_… or agt_…; only who uploaded a file may send it
  name            text not null,
  media_type      text not null,
  size            bigint,                  -- null until all of it is stored
  created_at      timestamptz not null,
  conversation_id uuid,                    -- set just before the message that names the file is posted
  command_id      uuid,                    -- the command that posts it: a file is sent once
  sent            boolean not null default false,  -- whether the log is known to hold that message
  primary key (tenant_id, file_id)
);
create index files_unsent on files (created_at) where not sent;
create index files_waiting on files (tenant_id, uploader) where conversation_id is null;

select oc_protect('files');
