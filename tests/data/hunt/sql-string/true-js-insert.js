async function add(client, name, city) {
  await client.query(`INSERT INTO shops (name, city) VALUES ('${name}', '${city}')`); // HIT
}
