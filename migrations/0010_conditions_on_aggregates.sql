-- A command may rest on another aggregate: it is refused when anything has happened to that one since.

drop function oc_append;
create function oc_append(
  tenants uuid[], aggregate_types text[], aggregate_ids text[], expected bigint[], commands uuid[],
  metadata text[], recorded timestamptz[], condition_after bigint[], condition_types text[],
  condition_aggregates text[], fences bigint[],
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
    elsif fences[i] is not null and not exists (
      select from leases where name = 'leader' and generation = fences[i]
    ) then
      outcome := 'unmet';
      head := null;
    elsif latest <> expected[i] then
      outcome := 'conflict';
      head := null;
    elsif condition_types[i] is not null and exists (
      select from events
        where tenant_id = tenants[i] and position > condition_after[i]
          and event_type = any(string_to_array(condition_types[i], ','))
    ) then
      outcome := 'unmet';
      head := null;
    elsif condition_aggregates[i] is not null and exists (
      select from events
        where tenant_id = tenants[i] and aggregate_id = condition_aggregates[i] and position > condition_after[i]
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
