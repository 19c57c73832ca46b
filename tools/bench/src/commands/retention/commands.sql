-- Commands $1 to $2 of $3, which were issued evenly over the year before now, to the piles of the fixture.
insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at, life, open)
select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
       ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid, 'OLD-' || n % 1000, 'Reset', '{"type": "Soft"}',
       'confirmed', 'gateway-' || n % 8, n % 128, at, at + interval '1 minute',
       jsonb_build_object('trail', jsonb_build_array(
         jsonb_build_object('at', at, 'step', 'accepted'),
         jsonb_build_object('at', at + interval '5 milliseconds', 'step', 'published', 'offset', n),
         jsonb_build_object('at', at + interval '1 second', 'step', 'answered', 'answer', 'accepted'))),
       false
from generate_series($1, $2) as n,
     lateral (select now() - interval '365 days' * (($3 - n)::float8 / $3)) as issued (at)
