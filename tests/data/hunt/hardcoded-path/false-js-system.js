module.exports = "/usr/share/shop/icons";
