drop table piles;
drop table stations;
