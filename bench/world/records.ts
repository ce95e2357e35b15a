import { vitalNames } from '../../src/modules/consultations/rules/vitals.ts'

/** How many records an establishment is given. */
export type Fill = { patients: number; consultations: number }

/** The content of the guide's own table, and no more: both list the same. */
export const recordsOf = (mark: string, { patients, consultations }: Fill): string => `
  insert into service (id, name, name_key) values (gen_random_uuid(), 'Pédiatrie', 'pediatrie');
  insert into specialty (id, name, name_key) values (gen_random_uuid(), 'Pédiatrie', 'pediatrie');
  insert into file_counter (year, last) values (2026, ${patients});
  insert into patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to,
    village, search_key, created_at, updated_at, created_by_name)
  select gen_random_uuid(), 2026, n, '${mark} Traoré', 'Awa ' || n, 'F', 'year', '1985', '1985-01-01', '1985-12-31', 'Sangha',
    '${mark.replace('_', ' ')} traore awa ' || n || ' trawre awa ' || n, t, t, 'Agent'
  from generate_series(1, ${patients}) n, lateral (select timestamptz '2024-01-01 08:00Z' + n * interval '1 minute' as t) x;
  insert into consultation (id, patient_id, date, practitioner_name, practitioner_key, service_id, specialty_id, diagnosis, search_key,
    created_at, updated_at, created_by_name)
  select gen_random_uuid(), p.id, date '2024-01-01' + (n % 300), 'Dr. Touré', 'dr toure', (select id from service), (select id from specialty),
    'Paludisme', 'paludisme', t, t, 'Agent'
  from generate_series(1, ${consultations}) n join patient p on p.file_number = n % ${patients} + 1,
    lateral (select timestamptz '2024-01-01 08:00Z' + n * interval '1 minute' as t) x;
  insert into record_version (resource, resource_id, version, at, by_name, action, data)
  select 'patient', id, 1, created_at, created_by_name, 'create', jsonb_build_object('id', id, 'version', 1,
    'fileNumber', '2026-' || lpad(file_number::text, 6, '0'), 'familyName', family_name, 'givenName', given_name, 'sex', sex,
    'birth', jsonb_build_object('precision', 'year', 'date', birth_date), 'phone', null, 'phoneOwner', null, 'village', village,
    'motherName', null, 'nina', null, 'amoNumber', null, 'allergies', '[]'::jsonb, 'sensitive', false,
    'createdAt', '2024-01-01T08:00:00.000Z', 'updatedAt', '2024-01-01T08:00:00.000Z') from patient;
  insert into record_version (resource, resource_id, version, at, by_name, action, data)
  select 'consultation', id, 1, created_at, created_by_name, 'create', jsonb_build_object('id', id, 'version', 1,
    'patientId', patient_id, 'date', date, 'practitionerName', practitioner_name, 'serviceId', service_id, 'specialtyId', specialty_id,
    'reason', null, 'diagnosis', diagnosis, 'codes', '[]'::jsonb, 'caseType', 'new', 'examinations', null, 'treatment', null,
    'notes', null, 'vitals', (select jsonb_object_agg(name, null) from unnest('{${vitalNames.join(',')}}'::text[]) name),
    'outcome', null) from consultation;`
