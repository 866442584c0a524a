-- The channels: name, labels, place; those of which nothing but their readings is known, too.
CREATE OR REPLACE VIEW iot.Channels AS
SELECT
    c.ChannelID AS ChannelID, c.Told.ChannelName AS ChannelName, c.Told.Description AS Description,
    c.Told.Latitude AS Latitude, c.Told.Longitude AS Longitude, c.Told.Elevation AS Elevation,
    c.Told.Field#Name AS Field#Name, -- each field
    c.Told.CreatedAt AS CreatedAt, c.Told.UpdatedAt AS UpdatedAt, c.Told.LastEntryID AS LastEntryID,
    c.Told.RefreshedAt AS RefreshedAt, c.Archived.Before AS ArchivedBefore,
    ifNull(c.Polled.IsActive, TRUE) AS IsActive, c.Polled.PausedAt AS PausedAt
FROM (
    SELECT
        r.ChannelID AS ChannelID,
        JSONExtract(
            anyIf(r.State, r.Kind = 12),
            'Tuple(
                ChannelName Nullable(String), Description Nullable(String), Latitude Nullable(Decimal(18, 6)),
                Longitude Nullable(Decimal(18, 6)), Elevation Nullable(String),
                Field#Name Nullable(String), -- each field
                CreatedAt Nullable(DateTime64(6, \'UTC\')), UpdatedAt Nullable(DateTime64(6, \'UTC\')),
                LastEntryID Nullable(Int64), RefreshedAt Nullable(DateTime64(6, \'UTC\'))
            )'
        ) AS Told,
        JSONExtract(
            anyIf(r.State, r.Kind = 13),
            'Tuple(IsActive Nullable(Bool), PausedAt Nullable(DateTime64(6, \'UTC\')))'
        ) AS Polled,
        JSONExtract(anyIf(r.State, r.Kind = 14), 'Tuple(Before Nullable(DateTime64(6, \'UTC\')))') AS Archived
    FROM iot.Rows AS r FINAL
    WHERE r.Kind IN (6, 12, 13, 14) AND NOT r.Deleted
    GROUP BY r.ChannelID
) AS c;
