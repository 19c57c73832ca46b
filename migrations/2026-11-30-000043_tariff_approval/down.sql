alter table tariff_versions
    drop constraint tariff_versions_proposal_check,
    drop column proposed_revision, drop column proposed_from, drop column proposed_at, drop column proposed_by;
