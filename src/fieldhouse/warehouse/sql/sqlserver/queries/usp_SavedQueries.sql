-- usp_SavedQueries(): the queries that people keep, by name.
CREATE OR ALTER PROCEDURE iot.usp_SavedQueries
AS
BEGIN
    SET NOCOUNT ON;
    SELECT q.QueryName, q.QueryText, q.SavedBy, q.SavedAt FROM iot.SavedQueries AS q ORDER BY q.QueryName;
    RETURN 0;
END;
