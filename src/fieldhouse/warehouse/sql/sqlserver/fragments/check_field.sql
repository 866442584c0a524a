-- @FieldNumber is 1 to 8; @a is the instant to ask about.
IF @FieldNumber IS NULL OR @FieldNumber NOT BETWEEN 1 AND 8
    THROW 51001, N'fields are numbered 1 to 8', 1;
DECLARE @a DATETIME2(6) = COALESCE(@AsOfTime, SYSUTCDATETIME()), @from DATETIME2(6) = '0001-01-01';
