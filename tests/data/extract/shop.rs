//! A shop.
use std::{self, fmt, io::{self, Read as R}, sync::*};
use crate::price::Price;
pub(crate) use super::line::{Line, Sum};
extern crate serde;
mod orders;

/// A cart.
///
/// With lines.
#[derive(Debug, Clone)]
pub struct Cart<T> {
    pub lines: Vec<Line>,
    owner: Option<T>,
}

pub struct Unit;
struct Pair(i32, Money);

pub enum Color { Red, Rgb(u8, u8, u8) }
union Bits { a: u32, b: f32 }
type Lines = Vec<Line>;
pub const RATE: u32 = 2;
static mut COUNT: u32 = 0;

pub trait Priced: Named + fmt::Debug {
    type Output;
    const LIMIT: u32;
    fn price(&self) -> Money;
    fn twice(&self) -> Money { self.price() * 2 }
}

impl<T> Cart<T> {
    /// Makes one.
    pub fn new(owner: T) -> Self {
        const LOCAL: u32 = 1;
        let cart = Cart { lines: Vec::new(), owner: Some(owner) };
        println!("{}", cart.total::<u32>());
        price::of(cart)
    }
}

impl<T> fmt::Display for Cart<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "cart") }
}

macro_rules! cart { () => { Cart::new(1) } }

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn totals() { assert_eq!(cart!().total(), 0); }
}
