-- ufn_NormalTail: how likely a standard normal variable lies beyond |Z| to one side; Hart's rational approximation, and a
-- continued fraction far out, good to 1e-14 relative to 1.
CREATE OR ALTER FUNCTION iot.ufn_NormalTail (@Z FLOAT)
RETURNS FLOAT
AS
BEGIN
    IF @Z IS NULL
        RETURN NULL;
    DECLARE @x FLOAT = ABS(@Z), @above FLOAT, @below FLOAT;
    IF @x > 38
        RETURN 0;
    IF @x >= 7.07106781186547E0
    BEGIN
        SET @below = @x + 4 / (@x + 0.65E0);
        SET @below = @x + 1 / (@x + 2 / (@x + 3 / @below));
        RETURN EXP(-@x * @x / 2) / (2.506628274631E0 * @below);
    END;
    SET @above = (0.0352624965998911E0 * @x + 0.700383064443688E0) * @x + 6.37396220353165E0;
    SET @above = ((@above * @x + 33.912866078383E0) * @x + 112.079291497871E0) * @x + 221.213596169931E0;
    SET @above = @above * @x + 220.206867912376E0;
    SET @below = (0.0883883476483184E0 * @x + 1.75566716318264E0) * @x + 16.064177579207E0;
    SET @below = ((@below * @x + 86.7807322029461E0) * @x + 296.564248779674E0) * @x + 637.333633378831E0;
    SET @below = (@below * @x + 793.826512519948E0) * @x + 440.413735824752E0;
    RETURN EXP(-@x * @x / 2) * @above / @below;
END;
