-- How the database is set: its level, and what an operator could set better.
SELECT
    CAST(CASE WHEN SERVERPROPERTY('BabelfishVersion') IS NULL THEN 0 ELSE 1 END AS BIT) AS IsBabelfish,
    CAST(d.compatibility_level AS INT) AS Level,
    CAST(d.is_read_committed_snapshot_on AS BIT) AS HasVersions,
    CAST(d.is_auto_close_on AS BIT) AS Closes,
    -- in Azure's own databases the owner is not a login of the server
    CAST(
        CASE
            WHEN SUSER_SNAME(d.owner_sid) IS NULL
            AND CAST(SERVERPROPERTY('EngineEdition') AS INT) NOT IN (5, 8) THEN 1
            ELSE 0
        END AS BIT
    ) AS IsOrphan,
    CAST(
        CASE
            WHEN EXISTS (
                SELECT 1 FROM sys.partition_schemes AS s WHERE s.name = N'PS_MonthlyPartition'
            ) THEN 1
            ELSE 0
        END AS BIT
    ) AS HasPartitions
FROM sys.databases AS d
WHERE d.database_id = DB_ID();
