-- usp_RequestsOn(day): how many requests were counted on a day.
CREATE OR ALTER PROCEDURE iot.usp_RequestsOn @Day DATE
AS
BEGIN
    SET NOCOUNT ON;
    SELECT COALESCE(MAX(b.Requests), 0) AS Requests FROM iot.RequestBudget AS b WHERE b.Day = @Day;
    RETURN 0;
END;
