const hidden = {
  'storage.s3v4.secretAccessKey': 0,
  'storage.azure12.clientSecret': 0,
};
module.exports = hidden;
