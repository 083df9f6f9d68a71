-- Which call belongs to which conversation, and which calls are going on.

-- A call is begun once; its id is all that a join, a hang-up or the media server's news names.
create unique index events_call on events ((payload->>'callId')) where event_type = 'CallStarted';

-- Few at any time, over all tenants: what the reconciler looks at.
create index inbox_calls on inbox ((data->'call'->>'id')) where (data->'call'->>'id') is not null;
