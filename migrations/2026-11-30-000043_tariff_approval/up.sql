-- A second person approves a publication: the draft keeps what was requested. The previous release writes null and publishes without
-- it; an edit of the draft by it leaves the request, which covers only its own revision.
alter table tariff_versions
    add column proposed_revision bigint,
    add column proposed_from timestamptz,
    add column proposed_at timestamptz,
    add column proposed_by text,
    add constraint tariff_versions_proposal_check check (
        (proposed_at is null) = (proposed_by is null)
        and (proposed_at is null) = (proposed_revision is null)
        and (proposed_from is null or proposed_at is not null));
comment on column tariff_versions.proposed_revision is 'The revision of the draft whose publication was requested; null if none was';
comment on column tariff_versions.proposed_from is 'The instant for which it was requested; null for at once, and as proposed_revision';
comment on column tariff_versions.proposed_at is 'When it was requested; null as proposed_revision';
comment on column tariff_versions.proposed_by is 'The sub of the caller that requested it; null as proposed_revision';
