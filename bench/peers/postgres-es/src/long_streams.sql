-- 256 streams of 1,000 events, each with a snapshot of them; made once, and cut back to that length afterwards.
delete from events where sequence > 1000;
delete from snapshots where last_sequence > 1000;
insert into events
select 'conversation', 'long-' || stream, sequence, 'MessagePosted', '1',
       '{"text": "My order has not arrived yet, and the tracking page has said the same for three days."}', '{}'
from generate_series(0, 255) stream, generate_series(1, 1000) sequence
where not exists (select from events)
order by stream, sequence;
insert into snapshots
select 'conversation', 'long-' || stream, 1000, 1, '{"messages": 1000}'
from generate_series(0, 255) stream
on conflict do nothing;
analyze events, snapshots;
