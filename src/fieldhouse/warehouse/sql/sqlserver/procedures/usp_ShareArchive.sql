-- usp_ShareArchive: keeps the archive from moving readings until the transaction ends; others may share.
CREATE OR ALTER PROCEDURE iot.usp_ShareArchive
AS
BEGIN
    SET NOCOUNT ON;
    EXEC iot.usp_Lock @Resource = N'iot.archive', @Mode = N'Shared';
    RETURN 0;
END;
