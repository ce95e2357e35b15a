-- Who in the caller's establishment has names like these, each of their words. pg_trgm's operator for a part of a text has one
-- threshold for all: 0.6, at which a short word may not differ in one letter, or, asked of the names as a whole, at which the other
-- word alone suffices: of 200,000 patients 7,550 were looked at for Kadiatou Wasa, all Kadiatous, and none was like. A function
-- may have a threshold of its own without any role's being allowed to set one.

-- Loads pg_trgm: only a superuser may name the setting of a library that is not there.
select sis_ext.show_limit();

-- 0.42: a word of four letters shares three of its five beginnings, middles and ends, one of eight letters four of nine. With 0.4
-- (two of five) thousands are looked at, with 0.5 five of 60 names, 35 of them misspelt, lose their likest, with 0.42 one (200,000 patients).
create function sis_ref.named_alike(spellings text[]) returns setof uuid language plpgsql stable cost 10000 rows 100
  set pg_trgm.word_similarity_threshold = 0.42 as $$
begin
  -- Made anew each time: PostgreSQL plans for the words, and looks for the table in the caller's path.
  return query execute (
    select 'select id from patient where false' || coalesce(string_agg(format(
        ' or (%s sis_ext.word_similarity(%L, search_key) >= 0.6)', each_word, spelling), ''), '')
    from unnest(spellings) spelling,
      lateral (
        select string_agg(format('search_key operator(sis_ext.%%>) %L and', word), ' ') as each_word
        from unnest(string_to_array(spelling, ' ')) word where length(word) > 1
      ) words);
end $$;
