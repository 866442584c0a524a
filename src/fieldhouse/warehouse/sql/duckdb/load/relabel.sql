-- The labels of a channel's fields as an answer showed them; a field without one is hidden. When one appears,
-- what the epoch holds from the time when it was hidden is to be read again.
CREATE OR REPLACE TEMP TABLE shown_labels AS
SELECT n.FieldNumber, l.Label, h.FieldNumber IS NOT NULL AS IsSeen, h.Label AS HeldLabel, h.FromReadingID
FROM (SELECT unnest(range(1, 9)) AS FieldNumber) AS n
LEFT JOIN (
    SELECT unnest($numbers::INTEGER[]) AS FieldNumber, unnest($texts::VARCHAR[]) AS Label
) AS l ON l.FieldNumber = n.FieldNumber
LEFT JOIN iot.FieldLabels AS h
    ON h.ChannelID = $channel_id AND h.FieldNumber = n.FieldNumber AND h.SeenTo IS NULL;

UPDATE iot.Epochs AS e
SET
    AgainStart = least(e.AgainStart, a.FirstAt),
    AgainEnd = greatest(e.AgainEnd, a.LastAt)
FROM (
    SELECT min(r.CreatedAt) AS FirstAt, date_trunc('second', max(r.CreatedAt)) AS LastAt
    FROM iot.AllReadings AS r
    WHERE
        r.ChannelID = $channel_id AND r.Epoch = $epoch
        AND r.ReadingID >= (
            SELECT min(s.FromReadingID) FROM shown_labels AS s
            WHERE s.IsSeen AND s.HeldLabel IS NULL AND s.Label IS NOT NULL
        )
) AS a
WHERE e.ChannelID = $channel_id AND e.Epoch = $epoch AND a.FirstAt IS NOT NULL;

UPDATE iot.FieldLabels AS h
SET SeenTo = $at
FROM shown_labels AS s
WHERE
    h.ChannelID = $channel_id AND h.FieldNumber = s.FieldNumber AND h.SeenTo IS NULL
    AND h.Label IS DISTINCT FROM s.Label;

INSERT INTO iot.FieldLabels (ChannelID, FieldNumber, Label, SeenFrom, FromReadingID)
SELECT
    $channel_id, s.FieldNumber, s.Label, $at,
    CASE WHEN s.IsSeen
        THEN (SELECT coalesce(max(r.ReadingID), 0) + 1 FROM iot.AllReadings AS r WHERE r.ChannelID = $channel_id)
        ELSE 0
    END
FROM shown_labels AS s
WHERE NOT s.IsSeen OR s.HeldLabel IS DISTINCT FROM s.Label;
