// Generated from the migrations: UPDATE_SCHEMA=1 cargo test -p storage --test schema

diesel::table! {
    asset_edits (asset_id, version) {
        asset_id -> Uuid,
        version -> Int8,
        action -> Text,
        edited_at -> Timestamptz,
        edited_by -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
        thing_type -> Nullable<Text>,
        thing_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    charge_points (charge_point_id) {
        charge_point_id -> Text,
        online -> Bool,
        last_seen_at -> Timestamptz,
        last_heartbeat_at -> Nullable<Timestamptz>,
        gateway_id -> Nullable<Text>,
        seen_at -> Nullable<Timestamptz>,
        seen_appended_at -> Nullable<Timestamptz>,
        seen_partition -> Nullable<Int4>,
        seen_offset -> Nullable<Int8>,
        seen_event -> Nullable<Int8>,
        model -> Nullable<Text>,
        vendor -> Nullable<Text>,
        firmware_version -> Nullable<Text>,
        serial_number -> Nullable<Text>,
        booted_at -> Nullable<Timestamptz>,
        memory -> Nullable<Jsonb>,
        ledger_until -> Nullable<Timestamptz>,
        written_at -> Nullable<Timestamptz>,
        confidence -> Nullable<Text>,
    }
}

diesel::table! {
    command_batch_items (batch_id, pile_id) {
        batch_id -> Uuid,
        pile_id -> Uuid,
        charge_point_id -> Text,
        state -> Text,
        command_id -> Nullable<Uuid>,
        code -> Nullable<Text>,
        detail -> Nullable<Text>,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    command_batches (id) {
        id -> Uuid,
        station_id -> Uuid,
        name -> Text,
        command -> Jsonb,
        rate_per_second -> Int4,
        piles -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        leased_until -> Nullable<Timestamptz>,
        epoch -> Int8,
        issued_by -> Nullable<Text>,
        cancelled_at -> Nullable<Timestamptz>,
        cancelled_by -> Nullable<Text>,
        timeline -> Nullable<Int4>,
        operators -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    commands (id) {
        id -> Uuid,
        pile_id -> Uuid,
        charge_point_id -> Text,
        name -> Text,
        payload -> Jsonb,
        state -> Text,
        gateway_id -> Text,
        partition -> Int4,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        trace_id -> Nullable<Text>,
        life -> Jsonb,
        open -> Bool,
        connector_id -> Nullable<Int2>,
        id_tag -> Nullable<Text>,
        transaction_id -> Nullable<Text>,
        session_id -> Nullable<Uuid>,
        degraded -> Bool,
        seen_gateway_id -> Nullable<Text>,
        route -> Nullable<Text>,
        confidence -> Nullable<Text>,
        issued_by -> Nullable<Text>,
    }
}

diesel::table! {
    connectors (charge_point_id, connector_id) {
        charge_point_id -> Text,
        connector_id -> Int2,
        status -> Nullable<Text>,
        error_code -> Nullable<Text>,
        info -> Nullable<Text>,
        vendor_error_code -> Nullable<Text>,
        status_at -> Nullable<Timestamptz>,
        status_appended_at -> Nullable<Timestamptz>,
        status_partition -> Nullable<Int4>,
        status_offset -> Nullable<Int8>,
        status_event -> Nullable<Int8>,
        status_rivals -> Nullable<Jsonb>,
        power_w -> Nullable<Float8>,
        power_at -> Nullable<Timestamptz>,
        energy_wh -> Nullable<Float8>,
        energy_at -> Nullable<Timestamptz>,
        soc_percent -> Nullable<Float8>,
        soc_at -> Nullable<Timestamptz>,
        sighted_transaction -> Nullable<Text>,
        sighted_at -> Nullable<Timestamptz>,
        status_trail -> Nullable<Jsonb>,
        registers -> Nullable<Jsonb>,
    }
}

diesel::table! {
    creation_keys (caller_key) {
        caller_key -> Bytea,
        request_sha256 -> Bytea,
        resource_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    dead_letters (id) {
        id -> Uuid,
        topic -> Text,
        partition -> Int4,
        first_offset -> Int8,
        last_offset -> Int8,
        appended_at -> Nullable<Timestamptz>,
        reason -> Text,
        detail -> Text,
        charge_point_id -> Nullable<Text>,
        event_id -> Nullable<Text>,
        key -> Nullable<Bytea>,
        value -> Nullable<Bytea>,
        headers -> Jsonb,
        created_at -> Timestamptz,
        replayed_at -> Nullable<Timestamptz>,
        replay_outcome -> Nullable<Text>,
        replayed_by -> Nullable<Text>,
    }
}

diesel::table! {
    device_probes (charge_point_id) {
        charge_point_id -> Text,
        asked_at -> Nullable<Timestamptz>,
        message -> Nullable<Text>,
        reason -> Nullable<Text>,
        gateway_id -> Nullable<Text>,
        attempts -> Int4,
        published -> Bool,
        boot_asked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    feed_chunks (id) {
        id -> Int8,
        position -> Nullable<Int8>,
        changes -> Json,
        change_count -> Int4,
        created_at -> Timestamptz,
        operators -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    feed_head (id) {
        id -> Bool,
        position -> Int8,
        timeline -> Int4,
    }
}

diesel::table! {
    feed_jumps (skipped_to) {
        skipped_to -> Int8,
        skipped_after -> Int8,
        timeline -> Int4,
        jumped_at -> Timestamptz,
    }
}

diesel::table! {
    gateways (gateway_id) {
        gateway_id -> Text,
        heard_at -> Timestamptz,
        canary_at -> Nullable<Timestamptz>,
        suspected_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    idempotency_keys (key) {
        key -> Text,
        request_digest -> Int8,
        command_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        batch_id -> Nullable<Uuid>,
        caller_key -> Nullable<Bytea>,
        request_sha256 -> Nullable<Bytea>,
    }
}

diesel::table! {
    ingest_partitions (topic, partition) {
        topic -> Text,
        partition -> Int4,
        next_offset -> Int8,
        owner -> Nullable<Uuid>,
        epoch -> Int8,
        lease_until -> Timestamptz,
        committed_at -> Nullable<Timestamptz>,
        caught_up_at -> Timestamptz,
        last_record_offset -> Nullable<Int8>,
        last_record_digest -> Nullable<Int8>,
        last_record_next_offset -> Nullable<Int8>,
        halted_because -> Nullable<Text>,
        halted_at -> Nullable<Timestamptz>,
        halted_at_offset -> Nullable<Int8>,
    }
}

diesel::table! {
    ingest_replicas (replica_id) {
        replica_id -> Uuid,
        topic -> Text,
        alive_until -> Timestamptz,
        session_pid -> Nullable<Int4>,
        session_began -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    issue_attempts (issue_id, number) {
        issue_id -> Uuid,
        number -> Int4,
        step -> Text,
        command_id -> Uuid,
        charge_point_id -> Text,
        at -> Timestamptz,
        refusal -> Nullable<Text>,
    }
}

diesel::table! {
    issue_devices (issue_id, charge_point_id) {
        issue_id -> Uuid,
        charge_point_id -> Text,
        pile_id -> Nullable<Uuid>,
        operator_id -> Nullable<Text>,
        joined_at -> Timestamptz,
        left_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    issue_events (issue_id, number) {
        issue_id -> Uuid,
        number -> Int8,
        at -> Timestamptz,
        kind -> Text,
        by -> Nullable<Text>,
        detail -> Jsonb,
    }
}

diesel::table! {
    issue_progress (name) {
        name -> Text,
        position -> Int8,
        evaluated_at -> Timestamptz,
        baseline_after -> Nullable<Text>,
    }
}

diesel::table! {
    issue_recovery (name) {
        name -> Text,
        passed_at -> Timestamptz,
        is_suspended -> Bool,
        pause_s -> Int8,
        last_step -> Text,
        device_steps_per_day -> Int8,
    }
}

diesel::table! {
    issue_watches (key) {
        key -> Text,
        cause -> Text,
        charge_point_id -> Text,
        connector_id -> Nullable<Int4>,
        state -> Jsonb,
        due_at -> Nullable<Timestamptz>,
        gateway_id -> Nullable<Text>,
        station_id -> Nullable<Uuid>,
        outage_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    issues (id) {
        id -> Uuid,
        key -> Text,
        cause -> Text,
        severity -> Text,
        gateway_id -> Nullable<Text>,
        station_id -> Nullable<Uuid>,
        pile_id -> Nullable<Uuid>,
        charge_point_id -> Nullable<Text>,
        connector_id -> Nullable<Int4>,
        operator_id -> Nullable<Text>,
        opened_at -> Timestamptz,
        fact -> Jsonb,
        recurrences -> Int4,
        version -> Int8,
        changed_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        proof -> Nullable<Jsonb>,
        acknowledged_at -> Nullable<Timestamptz>,
        acknowledged_by -> Nullable<Text>,
        assignee -> Nullable<Text>,
        muted_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    maintenance_windows (id) {
        id -> Uuid,
        station_id -> Uuid,
        pile_id -> Nullable<Uuid>,
        begins_at -> Timestamptz,
        ends_at -> Timestamptz,
        reason -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    meter_samples (charge_point_id, connector_id, taken_at) {
        charge_point_id -> Text,
        connector_id -> Int2,
        taken_at -> Timestamptz,
        energy_wh -> Nullable<Float8>,
        power_w -> Nullable<Float8>,
        voltage_v -> Nullable<Float8>,
        current_a -> Nullable<Float8>,
        soc_percent -> Nullable<Float8>,
        temperature_c -> Nullable<Float8>,
        transaction_key -> Nullable<Int8>,
    }
}

diesel::table! {
    piles (id) {
        id -> Uuid,
        station_id -> Uuid,
        charge_point_id -> Text,
        name -> Nullable<Text>,
        model -> Text,
        vendor -> Nullable<Text>,
        serial_number -> Nullable<Text>,
        rated_power_kw -> Float8,
        current_type -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        retired_at -> Nullable<Timestamptz>,
        connectors -> Jsonb,
        search_text -> Text,
        placeholder_current_type -> Nullable<Text>,
    }
}

diesel::table! {
    placements (charge_point_id, placed_from) {
        charge_point_id -> Text,
        placed_from -> Timestamptz,
        placed_until -> Nullable<Timestamptz>,
        pile_id -> Uuid,
        station_id -> Uuid,
        operator_id -> Nullable<Text>,
    }
}

diesel::table! {
    reliability_days (charge_point_id, connector_id, began_at) {
        charge_point_id -> Text,
        connector_id -> Int2,
        began_at -> Timestamptz,
        day -> Date,
        pile_id -> Nullable<Uuid>,
        station_id -> Nullable<Uuid>,
        operator_id -> Nullable<Text>,
        up_s -> Int4,
        faulted_s -> Int4,
        unavailable_s -> Int4,
        offline_s -> Int4,
        unknown_s -> Int4,
        maintenance_s -> Int4,
        grid_s -> Int4,
        vandalism_s -> Int4,
        third_party_s -> Int4,
        failures -> Int4,
        repairs -> Int4,
        repair_s -> Int8,
        starts_accepted -> Int4,
        starts_charging -> Int4,
        failure_s -> Nullable<Int8>,
        connection -> Nullable<Text>,
    }
}

diesel::table! {
    reliability_devices (charge_point_id) {
        charge_point_id -> Text,
        computed_until -> Nullable<Timestamptz>,
        read_until -> Nullable<Timestamptz>,
        dirty_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reliability_exclusions (id) {
        id -> Uuid,
        station_id -> Uuid,
        pile_id -> Nullable<Uuid>,
        connector_id -> Nullable<Int2>,
        operator_id -> Nullable<Text>,
        excluded_from -> Timestamptz,
        excluded_until -> Timestamptz,
        reason -> Text,
        note -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        withdrawn_at -> Nullable<Timestamptz>,
        withdrawn_by -> Nullable<Text>,
        withdrawal_note -> Nullable<Text>,
    }
}

diesel::table! {
    revenue (unit, station_id, starts_on, operator_id, currency) {
        unit -> Text,
        starts_on -> Date,
        station_id -> Uuid,
        operator_id -> Text,
        currency -> Text,
        sessions -> Int8,
        energy_wh -> Numeric,
        sharp_wh -> Numeric,
        sharp_electricity -> Numeric,
        sharp_service -> Numeric,
        peak_wh -> Numeric,
        peak_electricity -> Numeric,
        peak_service -> Numeric,
        flat_wh -> Numeric,
        flat_electricity -> Numeric,
        flat_service -> Numeric,
        valley_wh -> Numeric,
        valley_electricity -> Numeric,
        valley_service -> Numeric,
        session_fee -> Numeric,
        charging_time -> Numeric,
        occupancy -> Numeric,
        tax -> Numeric,
    }
}

diesel::table! {
    schema_floor (is_only) {
        is_only -> Bool,
        oldest -> Text,
    }
}

diesel::table! {
    session_ledgers (charge_point_id) {
        charge_point_id -> Text,
        ledger -> Jsonb,
    }
}

diesel::table! {
    session_limits (command_id) {
        command_id -> Uuid,
        limits -> Jsonb,
        created_at -> Timestamptz,
        reached -> Nullable<Text>,
        reached_at -> Nullable<Timestamptz>,
        reached_value -> Nullable<Text>,
        stop_attempts -> Int2,
        stop_command_id -> Nullable<Uuid>,
        final_value -> Nullable<Text>,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    session_metered (session_id) {
        session_id -> Uuid,
        reading_at -> Timestamptz,
        emitted_at -> Timestamptz,
    }
}

diesel::table! {
    session_receipts (session_id, number) {
        session_id -> Uuid,
        number -> Int4,
        issued_at -> Timestamptz,
        digest -> Text,
        content -> Json,
        in_revenue -> Bool,
    }
}

diesel::table! {
    session_settlements (session_id) {
        session_id -> Uuid,
        charge_point_id -> Text,
        changed_at -> Timestamptz,
        quiet_since -> Timestamptz,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        charge_point_id -> Text,
        connector_id -> Int2,
        transaction_id -> Nullable<Text>,
        id_tag -> Nullable<Text>,
        reservation_id -> Nullable<Int8>,
        started_at -> Timestamptz,
        meter_start_wh -> Nullable<Float8>,
        ended_at -> Nullable<Timestamptz>,
        end_reason -> Nullable<Text>,
        meter_stop_wh -> Nullable<Float8>,
        command_id -> Nullable<Uuid>,
        started_by -> Text,
        id_tag_rest -> Nullable<Text>,
        pile_id -> Nullable<Uuid>,
        station_id -> Nullable<Uuid>,
        operator_id -> Nullable<Text>,
    }
}

diesel::table! {
    stations (id) {
        id -> Uuid,
        name -> Text,
        address -> Nullable<Text>,
        operator_id -> Nullable<Text>,
        latitude -> Nullable<Float8>,
        longitude -> Nullable<Float8>,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        retired_at -> Nullable<Timestamptz>,
        opening_hours -> Nullable<Jsonb>,
        facilities -> Array<Text>,
        search_text -> Text,
        startable_statuses -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    status_changes (charge_point_id, noted_at, place) {
        charge_point_id -> Text,
        noted_at -> Timestamptz,
        place -> Int4,
        at -> Timestamptz,
        connector_id -> Nullable<Int2>,
        status -> Nullable<Text>,
        previous_status -> Nullable<Text>,
        error_code -> Nullable<Text>,
        vendor_error_code -> Nullable<Text>,
        online -> Nullable<Bool>,
        gateway_id -> Nullable<Text>,
        confidence -> Nullable<Text>,
    }
}

diesel::table! {
    tariff_bindings (id) {
        id -> Uuid,
        level -> Text,
        operator_id -> Nullable<Text>,
        station_id -> Nullable<Uuid>,
        pile_id -> Nullable<Uuid>,
        connector_id -> Nullable<Int2>,
        subject -> Text,
        tariff_id -> Uuid,
        effective_from -> Timestamptz,
        effective_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        created_by -> Text,
        ended_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    tariff_versions (tariff_id, number) {
        tariff_id -> Uuid,
        number -> Int4,
        price_list -> Jsonb,
        revision -> Int8,
        created_at -> Timestamptz,
        created_by -> Text,
        updated_at -> Timestamptz,
        updated_by -> Text,
        effective_from -> Nullable<Timestamptz>,
        published_at -> Nullable<Timestamptz>,
        published_by -> Nullable<Text>,
        activated_at -> Nullable<Timestamptz>,
        proposed_revision -> Nullable<Int8>,
        proposed_from -> Nullable<Timestamptz>,
        proposed_at -> Nullable<Timestamptz>,
        proposed_by -> Nullable<Text>,
    }
}

diesel::table! {
    tariffs (id) {
        id -> Uuid,
        name -> Text,
        operator_id -> Nullable<Text>,
        currency -> Text,
        status -> Text,
        change_rule -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    asset_edits,
    charge_points,
    command_batch_items,
    command_batches,
    commands,
    connectors,
    creation_keys,
    dead_letters,
    device_probes,
    feed_chunks,
    feed_head,
    feed_jumps,
    gateways,
    idempotency_keys,
    ingest_partitions,
    ingest_replicas,
    issue_attempts,
    issue_devices,
    issue_events,
    issue_progress,
    issue_recovery,
    issue_watches,
    issues,
    maintenance_windows,
    meter_samples,
    piles,
    placements,
    reliability_days,
    reliability_devices,
    reliability_exclusions,
    revenue,
    schema_floor,
    session_ledgers,
    session_limits,
    session_metered,
    session_receipts,
    session_settlements,
    sessions,
    stations,
    status_changes,
    tariff_bindings,
    tariff_versions,
    tariffs
);
