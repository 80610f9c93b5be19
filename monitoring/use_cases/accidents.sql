-- One row per person in an accident, of every year whose tables are there: Num_Acc begins with the
-- year, so people meet the accident and the vehicle of their own year only. -1 and empty mean that
-- nothing was recorded; severities that are not recorded are set aside.
WITH people AS (
    SELECT * FROM usagers WHERE TRY_CAST(grav AS INTEGER) BETWEEN 1 AND 4
),
joined AS (
    SELECT
        people.*, vehicules.catv, vehicules.obs, vehicules.obsm, vehicules.choc, vehicules.manv,
        vehicules.motor, caract.* EXCLUDE (Num_Acc), lieux.* EXCLUDE (Num_Acc),
        CAST(left(CAST(caract.hrmn AS VARCHAR), 2) AS BIGINT) AS hour,
        CAST(substr(CAST(caract.hrmn AS VARCHAR), 4, 2) AS BIGINT) AS minute
    FROM people
    JOIN caract USING (Num_Acc)
    JOIN lieux USING (Num_Acc)
    JOIN vehicules USING (Num_Acc, id_vehicule)
)
SELECT
    CAST(Num_Acc AS VARCHAR) || '-' || CAST(CAST(id_usager AS BIGINT) AS VARCHAR) AS person,
    strftime(
        make_timestamp(CAST(an AS BIGINT), CAST(mois AS BIGINT), CAST(jour AS BIGINT),
                       hour, minute, 0), '%Y-%m-%dT%H:%M:%S'
    ) AS moment,
    ['unhurt', 'killed', 'hospitalised', 'light injury'][CAST(grav AS INTEGER)] AS grav,
    CASE WHEN TRY_CAST(an_nais AS INTEGER) > 1900 THEN an - TRY_CAST(an_nais AS INTEGER) END AS age,
    hour,
    -- Lanes: words, 0 and -1 stand for unknown, and so do more than twelve.
    CASE WHEN TRY_CAST(nbv AS INTEGER) BETWEEN 1 AND 12 THEN TRY_CAST(nbv AS INTEGER) END AS nbv,
    CASE WHEN TRY_CAST(vma AS INTEGER) BETWEEN 10 AND 130 THEN TRY_CAST(vma AS INTEGER) END AS vma,
    count(*) OVER (PARTITION BY Num_Acc) AS people,
    NULLIF(trim(COLUMNS(
        lambda name: name IN (
            'lum', 'agg', 'int', 'atm', 'col', 'catr', 'circ', 'prof', 'plan', 'surf', 'situ',
            'catv', 'obs', 'obsm', 'choc', 'manv', 'catu', 'sexe', 'trajet', 'secu1', 'locp'
        )
    )), '-1') AS '\0'
FROM joined
ORDER BY moment, person
