-- Hits that follow one another within six hours, as far as they lie in one day.
CREATE OR REPLACE VIEW iot.AnomalySpells AS
-- include spells
;
