-- ufn_JsonText: a text out of OPENJSON as it was meant. SQL Server gives it so by itself; Babelfish leaves the
-- escapes in it, and they are undone here.
CREATE OR ALTER FUNCTION iot.ufn_JsonText (@Text NVARCHAR(MAX))
RETURNS NVARCHAR(MAX)
AS
BEGIN
    IF SERVERPROPERTY('BabelfishVersion') IS NULL OR CHARINDEX(N'\', @Text) = 0
        RETURN @Text;
    DECLARE @code INT = 1, @backslash NCHAR(1) = NCHAR(64976); -- U+FDD0 is no character of any text
    SET @Text = REPLACE(@Text, N'\\', @backslash);
    SET @Text = REPLACE(REPLACE(REPLACE(@Text, N'\"', N'"'), N'\/', N'/'), N'\n', NCHAR(10));
    SET @Text = REPLACE(REPLACE(REPLACE(@Text, N'\r', NCHAR(13)), N'\t', NCHAR(9)), N'\b', NCHAR(8));
    SET @Text = REPLACE(@Text, N'\f', NCHAR(12));
    WHILE @code < 32 AND CHARINDEX(N'\u00', @Text) > 0
    BEGIN
        SET @Text = REPLACE(
                @Text,
                N'\u00' +
                SUBSTRING(N'01', @code / 16 + 1, 1) +
                SUBSTRING(N'0123456789abcdef', @code % 16 + 1, 1),
                NCHAR(@code)
            );
        SET @code += 1;
    END;
    RETURN REPLACE(@Text, @backslash, N'\');
END;
