-- Which server it is.
SELECT
    CAST(@@VERSION AS NVARCHAR(400)) AS Version,
    CAST(SERVERPROPERTY('ProductVersion') AS NVARCHAR(60)) AS ProductVersion,
    CAST(SERVERPROPERTY('Edition') AS NVARCHAR(100)) AS Edition,
    CAST(SERVERPROPERTY('EngineEdition') AS INT) AS EngineEdition,
    CAST(SERVERPROPERTY('Collation') AS NVARCHAR(100)) AS Collation,
    CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(40)) AS Babelfish,
    (SELECT i.cpu_count FROM sys.dm_os_sys_info AS i) AS Cores;
