#ifndef SHOP_H
#define SHOP_H
#include <stdio.h>
#include "price/price.h"

#define MAX_LINES 10
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* A line.
   Of a cart. */
typedef struct line {
    int price, quantity[3];
    struct line *next;
    void (*hook)(int);
} line_t;

typedef struct { double x; } point_t;
typedef int money_t;
typedef int (*compare_t)(const void *, const void *);
struct cart { line_t *lines; };
union bits { int a; float b; };
enum color { RED, GREEN = 2 };

static int counter = 0;
extern char *names[];
int cart_total(const struct cart *cart, int rate);
char *cart_name(void);

/* Adds up. */
static money_t *
cart_sum(struct cart *cart,
         int rate)
{
    int local = MIN(1, 2);
    cart->lines->hook(local);
    return price_of(cart);
}
#endif
