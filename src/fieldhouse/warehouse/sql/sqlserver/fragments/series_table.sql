-- #series: the amounts of series that have three or more, each with how many there are, how far its place lies from the
-- first, and its number in the order of the places.
SELECT CAST(s.value AS INT) AS Series, CAST(p.value AS INT) AS Place, CAST(a.value AS FLOAT) AS Amount
INTO #given
FROM OPENJSON(@Series) AS s
JOIN OPENJSON(@Places) AS p ON p.[key] = s.[key]
JOIN OPENJSON(@Amounts) AS a ON a.[key] = s.[key]
WHERE a.value IS NOT NULL;

SELECT n.Series, n.Place, n.Place - n.FirstPlace AS Away, n.Amount, n.Points, n.Number
INTO #series
FROM (
    SELECT
        g.Series,
        g.Place,
        g.Amount,
        MIN(g.Place) OVER (PARTITION BY g.Series) AS FirstPlace,
        COUNT_BIG(*) OVER (PARTITION BY g.Series) AS Points,
        ROW_NUMBER() OVER (PARTITION BY g.Series ORDER BY g.Place) AS Number
    FROM #given AS g
) AS n
WHERE n.Points >= 3;
