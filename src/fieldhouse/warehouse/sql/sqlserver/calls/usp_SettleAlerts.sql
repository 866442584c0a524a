-- usp_SettleAlerts(firing, as_of, judged, configured, calm, gather, pause, receivers, levels): hold what fires
-- against the alerts that are kept: open, go on, end; make the messages. Rules that are not among the judged ones
-- stay as they are, unless they are no longer configured. An alert ends when its rule held no more for the calm
-- seconds, longer the more often it came back. A message tells of all alerts of a rule; its end is told once, when
-- all of them have ended.
CREATE OR ALTER PROCEDURE iot.usp_SettleAlerts
    @Firing NVARCHAR(MAX),
    @AsOfTime DATETIME2(6),
    @Judged NVARCHAR(MAX),
    @Configured NVARCHAR(MAX),
    @Calm FLOAT,
    @Gather FLOAT,
    @Pause FLOAT,
    @Receivers NVARCHAR(MAX),
    @Levels NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @notices BIGINT = 0;
    SELECT
        j.RuleName,
        j.Severity,
        j.SeverityLevel,
        j.ChannelID,
        j.FieldNumber,
        j.SinceAt,
        j.Figure,
        j.Summary,
        j.ForSeconds
    INTO #firing
    FROM OPENJSON(@Firing) WITH (
        RuleName NVARCHAR(40) '$.rule_name',
        Severity NVARCHAR(10) '$.severity',
        SeverityLevel INT '$.level',
        ChannelID BIGINT '$.channel_id',
        FieldNumber INT '$.field_number',
        SinceAt DATETIME2(6) '$.since_at',
        Figure FLOAT '$.figure',
        Summary NVARCHAR(500) '$.summary',
        ForSeconds FLOAT '$.for_seconds'
    ) AS j;

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_Lock @Resource = N'iot.alerts', @Mode = N'Exclusive';
        SELECT a.AlertID, f.RuleName, f.ChannelID, f.FieldNumber, f.Figure, f.Summary, f.ForSeconds
        INTO #seen
        FROM #firing AS f
        JOIN iot.Alerts AS a
            ON a.RuleName = f.RuleName
                AND a.ChannelID = f.ChannelID
                AND a.FieldNumber = f.FieldNumber
                AND a.ResolvedAt IS NULL;
        UPDATE a
        SET
            LastSeenAt = @AsOfTime,
            Flaps = a.Flaps + CASE WHEN a.QuietSince IS NULL THEN 0 ELSE 1 END,
            QuietSince = NULL,
            OpenedAt = CASE
                WHEN a.OpenedAt IS NOT NULL THEN a.OpenedAt
                WHEN DATEADD(SECOND, CAST(s.ForSeconds AS INT), a.SeenAt) <= @AsOfTime THEN @AsOfTime
            END,
            Figure = s.Figure,
            Summary = s.Summary
        FROM iot.Alerts AS a
        JOIN #seen AS s ON s.AlertID = a.AlertID;
        INSERT INTO iot.Alerts (
            RuleName,
            Severity,
            SeverityLevel,
            ChannelID,
            FieldNumber,
            SinceAt,
            SeenAt,
            OpenedAt,
            LastSeenAt,
            Flaps,
            Figure,
            Summary
        )
        SELECT
            f.RuleName,
            f.Severity,
            f.SeverityLevel,
            f.ChannelID,
            f.FieldNumber,
            f.SinceAt,
            @AsOfTime,
            CASE WHEN f.ForSeconds <= 0 THEN @AsOfTime END,
            @AsOfTime,
            0,
            f.Figure,
            f.Summary
        FROM #firing AS f
        WHERE NOT EXISTS (
                SELECT 1
                FROM #seen AS s
                WHERE s.RuleName = f.RuleName AND s.ChannelID = f.ChannelID AND s.FieldNumber = f.FieldNumber
            );
        SELECT a.AlertID
        INTO #quiet
        FROM iot.Alerts AS a
        WHERE a.ResolvedAt IS NULL
            AND a.LastSeenAt < @AsOfTime
            AND NOT EXISTS (SELECT 1 FROM #seen AS s WHERE s.AlertID = a.AlertID)
            AND (
                a.RuleName IN (SELECT CAST(w.value AS NVARCHAR(40)) FROM OPENJSON(@Judged) AS w)
                OR a.RuleName NOT IN (SELECT CAST(w.value AS NVARCHAR(40)) FROM OPENJSON(@Configured) AS w)
            );
        DELETE a
        FROM iot.Alerts AS a
        JOIN #quiet AS q ON q.AlertID = a.AlertID
        WHERE a.OpenedAt IS NULL;
        UPDATE a
        SET
            QuietSince = COALESCE(a.QuietSince, @AsOfTime),
            ResolvedAt = CASE
                WHEN DATEADD(
                    SECOND,
                    CAST(@Calm * (1 + CASE WHEN a.Flaps < 5 THEN a.Flaps ELSE 5 END) AS INT),
                    COALESCE(a.QuietSince, @AsOfTime)
                ) <= @AsOfTime THEN @AsOfTime
            END
        FROM iot.Alerts AS a
        JOIN #quiet AS q ON q.AlertID = a.AlertID;
        SELECT a.AlertID, a.RuleName, a.OpenedAt, a.SeverityLevel
        INTO #untold
        FROM iot.Alerts AS a
        WHERE a.OpenedAt IS NOT NULL
            AND a.ResolvedAt IS NULL
            AND a.NoticeID IS NULL
            AND a.AcknowledgedAt IS NULL
            AND NOT EXISTS (
                SELECT 1
                FROM iot.AlertSilences AS s
                WHERE s.SilencedFrom <= @AsOfTime
                    AND s.SilencedUntil > @AsOfTime
                    AND (s.RuleName IS NULL OR s.RuleName = a.RuleName)
                    AND (s.ChannelID IS NULL OR s.ChannelID = a.ChannelID)
            );
        SELECT
            u.RuleName,
            MAX(u.SeverityLevel) AS SeverityLevel,
            (SELECT COALESCE(MAX(x.NoticeID), 0) FROM iot.Alerts AS x) +
            ROW_NUMBER() OVER (ORDER BY u.RuleName) AS NoticeID
        INTO #ripe
        FROM #untold AS u
        WHERE NOT EXISTS (
                SELECT 1
                FROM iot.AlertNotices AS n
                WHERE n.RuleName = u.RuleName
                    AND n.NoticeKind = N'opened'
                    AND n.MadeAt > DATEADD(SECOND, -CAST(@Pause AS INT), @AsOfTime)
            )
        GROUP BY u.RuleName
        HAVING DATEADD(SECOND, CAST(@Gather AS INT), MIN(u.OpenedAt)) <= @AsOfTime;
        UPDATE a
        SET NoticeID = d.NoticeID
        FROM iot.Alerts AS a
        JOIN #untold AS u ON u.AlertID = a.AlertID
        JOIN #ripe AS d ON d.RuleName = a.RuleName;
        INSERT INTO iot.AlertNotices (NoticeID, NoticeKind, Receiver, RuleName, MadeAt, DueAt, Attempts)
        SELECT d.NoticeID, N'opened', CAST(r.value AS NVARCHAR(40)), d.RuleName, @AsOfTime, @AsOfTime, 0
        FROM #ripe AS d
        CROSS JOIN OPENJSON(@Receivers) AS r
        JOIN OPENJSON(@Levels) AS l ON l.[key] = r.[key]
        WHERE CAST(l.value AS INT) <= d.SeverityLevel;
        SET @notices = @@ROWCOUNT;
        INSERT INTO iot.AlertNotices (NoticeID, NoticeKind, Receiver, RuleName, MadeAt, DueAt, Attempts)
        SELECT n.NoticeID, N'ended', n.Receiver, n.RuleName, @AsOfTime, @AsOfTime, 0
        FROM iot.AlertNotices AS n
        WHERE n.NoticeKind = N'opened'
            AND NOT EXISTS (
                SELECT 1 FROM iot.Alerts AS a WHERE a.NoticeID = n.NoticeID AND a.ResolvedAt IS NULL
            )
            AND NOT EXISTS (
                SELECT 1
                FROM iot.AlertNotices AS e
                WHERE e.NoticeID = n.NoticeID AND e.Receiver = n.Receiver AND e.NoticeKind = N'ended'
            );
        SET @notices = @notices + @@ROWCOUNT;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;

    SELECT
        (SELECT COUNT_BIG(*) FROM iot.Alerts AS a WHERE a.OpenedAt = @AsOfTime) AS Opened,
        (SELECT COUNT_BIG(*) FROM iot.Alerts AS a WHERE a.ResolvedAt = @AsOfTime) AS Ended,
        @notices AS Notices;
    RETURN 0;
END;
