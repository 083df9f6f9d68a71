-- The call that goes on in a conversation has a column: an index on an expression reads the document for each row written.

drop index inbox_calls;
alter table inbox add column call_id uuid;
create index inbox_calls on inbox (call_id) where call_id is not null;
