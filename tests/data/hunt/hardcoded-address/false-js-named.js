// Used when nothing else is listed
const fallbackResolvers = ['1.1.1.1', '8.8.8.8'];

module.exports = {fallbackResolvers};
