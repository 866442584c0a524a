-- Entry ids that no page has shown.
CREATE OR REPLACE VIEW iot.Gaps AS
SELECT
    g.ChannelID AS ChannelID, g.Epoch AS Epoch, g.Gap.FirstEntryID AS FirstEntryID, g.Gap.LastEntryID AS LastEntryID,
    g.Gap.State AS State, g.Gap.AtSecond AS AtSecond, g.Gap.DueAt AS DueAt, g.Gap.OlderEpoch AS OlderEpoch
FROM (
    SELECT e.ChannelID AS ChannelID, e.Epoch AS Epoch, arrayJoin(e.Life.Gaps) AS Gap
-- include life
) AS g;
