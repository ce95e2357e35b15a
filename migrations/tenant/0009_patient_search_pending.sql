-- Entries of the search index wait in a list of at most 64 kB before they are filed together. Filed one by one, storing a
-- patient cost PostgreSQL 0.20 ms, most of it for this index; so 0.07. A search reads the list too: 2.5 ms more when it is
-- full, where the 4 MB of the default cost 200 (5,000 patients on file, one core).
alter index patient_search set (fastupdate = on, gin_pending_list_limit = 64);
