exports.stats = (knex, since) => knex.raw(`select count(*) from visits where day > '${since}'`); // HIT
