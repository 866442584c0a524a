-- usp_ShareArchive: keeps the archive from moving readings until the transaction ends; others may share.
CREATE OR ALTER PROCEDURE iot.usp_ShareArchive
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @granted INT;
    EXEC @granted = sp_getapplock
        @Resource = N'iot.archive',
        @LockMode = N'Shared',
        @LockOwner = N'Transaction',
        @LockTimeout = 120000;
    IF @granted < 0
        THROW 51004, N'readings are being archived (iot.archive); try again when it is done', 1;
    RETURN 0;
END;
