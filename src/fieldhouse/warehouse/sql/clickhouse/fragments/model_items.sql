-- SELECT: the items of each measure of each day's models, those of all fields in a row; the last one is item 1.
SELECT
    i.ChannelID AS ChannelID, i.Day AS Day, i.a.1 AS Measure, i.a.2 AS Item,
    anyIf(i.a.3, i.FieldNumber = #) AS Field# -- each field, comma between
FROM (
    SELECT
        m.ChannelID AS ChannelID, m.Day AS Day, m.FieldNumber AS FieldNumber,
        arrayJoin(arrayFilter(
            x -> isNotNull(x.3) AND NOT isNaN(assumeNotNull(x.3)),
            arrayConcat(
                arrayMap((x, i) -> ('LEVEL', toInt32(i - 1), toNullable(x)), m.Levels, arrayEnumerate(m.Levels)),
                arrayMap((x, i) -> ('SPREAD', toInt32(i - 1), toNullable(x)), m.Spreads, arrayEnumerate(m.Spreads)),
                arrayMap(
                    (x, i) -> ('FAR', toInt32(i - 1), if(x > 0, toNullable(toFloat64(x)), NULL)),
                    m.Far, arrayEnumerate(m.Far)
                ),
                arrayMap(
                    (x, i) -> ('LEAN', toInt32(i - 1), if(x > 0, toNullable(toFloat64(x)), NULL)),
                    m.Lean, arrayEnumerate(m.Lean)
                ),
                arrayMap((x, i) -> ('LAST', toInt32(i), toNullable(x)), arrayReverse(m.Last), arrayEnumerate(m.Last)),
                arrayMap(
                    (x, i) -> ('KNOWN', toInt32(i - 1), x),
                    arrayConcat(
                        [
                            m.Least, m.Greatest, toFloat64(m.Days), toFloat64(m.Readings), toFloat64(m.Ups),
                            toFloat64(m.Downs), m.LongestRun, toFloat64(m.Silences), m.LastValue, m.LastAt,
                            m.LastRunAt, toFloat64(m.Nature), m.GreatestRise, m.LongestOther, toFloat64(m.Zeros),
                            toFloat64(m.Ones), toFloat64(m.Turns)
                        ],
                        arrayResize(arrayMap(x -> toNullable(x), m.Steps), 4, NULL),
                        [m.Sines, m.Cosines, m.Week, m.Older, m.OlderSpread],
                        arrayFlatten(arrayMap((x, y) -> [x, y], m.RightLows, m.RightHighs))
                    ) AS Known,
                    arrayEnumerate(Known)
                )
            )
        )) AS a
    FROM iot.Models AS m FINAL
) AS i
