-- The dashboard counts the visits of twelve weeks, and those of thirty days by their main diagnosis. It counts every row by
-- an index alone, without its table, less the few that are hidden or protected: a fifth of the processor time (bench/README.md).

-- The CIM-10 category of the main code; '' for a visit without a code. Written by whatever writes `codes`, and compared here, so
-- that it cannot drift. Null: stored before this column was there; then it is read out of `codes`. A generated column would
-- write the table of every establishment anew, under a lock (8 s for 200,000 visits).
alter table consultation add column main_category text;
-- Not looked at in the rows that are there: they have none.
alter table consultation add constraint consultation_main_category
  check (main_category = coalesce(codes -> 0 ->> 'category', '')) not valid;

-- Equal entries are stored once: a fifth of consultation_date's size.
create index consultation_day on consultation (date, main_category);

-- Of hidden records only: empty in most establishments, and no creation writes to them.
create index patient_hidden on patient (hidden_at) where hidden_at is not null;
create index consultation_hidden on consultation (date) where hidden_at is not null;

-- An index alone answers for pages that VACUUM has seen. By the usual fifth of a table, a hospital of 200,000 visits would wait
-- for five months; so it is a few days, and such a run reads the new pages only.
alter table patient set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000);
alter table consultation set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000);
