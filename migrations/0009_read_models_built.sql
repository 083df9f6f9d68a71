-- What a projector keeps at hand of the read models holds only while nobody has built one of them anew.

-- How often each has been built; whoever writes under an older sum is refused.
alter table read_models add column built bigint not null default 0;

-- Ends a statement, and with it its transaction, with a code of our own.
create function oc_refuse(code text) returns int language plpgsql as $$
begin
  raise exception 'refused: %', code using errcode = code;
end $$;
