-- A lock whose holder has given no sign of life for so many seconds.
SELECT t.name AS Name
FROM system.tables AS t
WHERE
    t.database = {database:String} AND t.name = {table:String}
    AND t.metadata_modification_time < now() - {seconds:Int64}
    AND ifNull(
        (
            SELECT max(p.modification_time) FROM system.parts AS p
            WHERE p.database = {database:String} AND p.table = {table:String} AND p.active
        ),
        toDateTime(0)
    ) < now() - {seconds:Int64};
