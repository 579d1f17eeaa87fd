/* names.h: the classes of CIFAR-100, in the order of the official label files. */
#ifndef CIFAR100_NAMES_H
#define CIFAR100_NAMES_H

enum { CIFAR100_FINE = 100, CIFAR100_COARSE = 20 };

extern const char *const cifar100_fine[CIFAR100_FINE];
extern const char *const cifar100_coarse[CIFAR100_COARSE];

#endif
