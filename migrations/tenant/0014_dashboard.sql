-- The dashboard counts all files and the visits of twelve weeks. It counts every row by an index alone, without its table, less
-- the few that are hidden: a quarter of the processor time (bench/README.md), and nothing is kept that could drift.

-- Of hidden records only: empty in most establishments, and no creation writes to them.
create index patient_hidden on patient (hidden_at) where hidden_at is not null;
create index consultation_hidden on consultation (date) where hidden_at is not null;

-- An index alone answers for pages that VACUUM has seen. By the usual fifth of a table, a hospital of 200,000 visits would wait
-- for five months; so it is a few days, and such a run reads the new pages only.
alter table patient set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000);
alter table consultation set (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000);
