-- The establishment's record moves to where all of them stand (migrations/platform/0003_audit.sql).

insert into sis_audit.entry (id, chain, tenant, at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id, patients, outcome, reason, ip, request_id)
select id, current_schema(), current_schema(), at, actor_id, actor_name, actor_role, session_id, action, resource, resource_id,
  case when patient_id is null then '{}' else array[patient_id] end, outcome, reason, ip, request_id
from audit_entry order by at, id;
drop table audit_entry;
