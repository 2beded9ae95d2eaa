// `keras.datasets`.
export * as bostonHousing from './boston-housing.js';
export * as californiaHousing from './california-housing.js';
export * as cifar10 from './cifar10.js';
export * as cifar100 from './cifar100.js';
export * as fashionMnist from './fashion-mnist.js';
export * as imdb from './imdb.js';
export * as mnist from './mnist.js';
export * as reuters from './reuters.js';
