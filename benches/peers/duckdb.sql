-- Per client and domain (last two labels): contacts, bytes, median and MAD of the intervals; the most regular first.
-- The csv reader with blanks as delimiters is the fastest of four ways tried (regexp_extract, string_split, split_part
-- of a line). Squid pads the elapsed time to six places, so up to five fields before it are empty.
SET threads = 1;
WITH fields AS (
    SELECT c1::DOUBLE AS t,
           CASE WHEN c2 <> '' THEN c3 WHEN c3 <> '' THEN c4 WHEN c4 <> '' THEN c5
                WHEN c5 <> '' THEN c6 WHEN c6 <> '' THEN c7 ELSE c8 END AS client,
           CASE WHEN c2 <> '' THEN c5 WHEN c3 <> '' THEN c6 WHEN c4 <> '' THEN c7
                WHEN c5 <> '' THEN c8 WHEN c6 <> '' THEN c9 ELSE c10 END::BIGINT AS bytes,
           CASE WHEN c2 <> '' THEN c7 WHEN c3 <> '' THEN c8 WHEN c4 <> '' THEN c9
                WHEN c5 <> '' THEN c10 WHEN c6 <> '' THEN c11 ELSE c12 END AS url
    FROM read_csv(getenv('LOG'), delim = ' ', header = false, auto_detect = false, null_padding = true,
                  strict_mode = false, quote = '', escape = '', nullstr = '\x02',
                  columns = {'c1': 'VARCHAR', 'c2': 'VARCHAR', 'c3': 'VARCHAR', 'c4': 'VARCHAR', 'c5': 'VARCHAR',
                             'c6': 'VARCHAR', 'c7': 'VARCHAR', 'c8': 'VARCHAR', 'c9': 'VARCHAR', 'c10': 'VARCHAR',
                             'c11': 'VARCHAR', 'c12': 'VARCHAR', 'c13': 'VARCHAR', 'c14': 'VARCHAR', 'c15': 'VARCHAR'})
), events AS (
    SELECT t, client, bytes,
           array_to_string(string_split(split_part(
               CASE WHEN instr(url, '://') > 0 THEN split_part(url, '/', 3) ELSE url END, ':', 1), '.')[-2:], '.') AS domain
    FROM fields
), contacts AS (
    SELECT client, domain, bytes, t - lag(t) OVER (PARTITION BY client, domain ORDER BY t) AS gap FROM events
)
SELECT client, domain, count(*) AS contacts, sum(bytes) AS bytes, median(gap) AS middle, mad(gap) AS spread
FROM contacts GROUP BY ALL HAVING contacts >= 5 ORDER BY spread / middle, contacts DESC LIMIT 20;
