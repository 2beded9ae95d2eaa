// The temperature of tomorrow from the weather of the last two days, after Keras's "Timeseries forecasting for weather prediction": windows
// of three measurements, read by a GRU, against the guess that tomorrow will be as today. The weather is made up: days, seasons, and warm
// and cold air that comes and goes, which the pressure tells a day before. EPOCHS in the environment makes a shorter run.
import * as keras from 'keratin';

const { layers, ops, random, utils } = keras;

const epochs = Number(process.env.EPOCHS ?? 8);
const [hours, past, ahead, batchSize] = [24 * 365, 48, 24, 64];

keras.utils.setRandomSeed(2);

// ---- a year of weather, hour by hour --------------------------------------------------------------------------------

const noise = random.normal([hours + ahead, 3], { seed: 1 }).tolist() as number[][];
const air: number[] = []; // how much warmer the air is than it should be: it wanders, and comes back
for (const [pull] of noise) air.push(0.97 * (air.at(-1) ?? 0) + 0.9 * pull);
const weather = Array.from({ length: hours }, (_, hour) => {
  const sun = Math.sin((2 * Math.PI * (hour - 6)) / 24);
  const season = -10 * Math.cos((2 * Math.PI * hour) / hours);
  const temperature = 10 + season + 4 * Math.sin((2 * Math.PI * (hour - 9)) / 24) + air[hour] + 0.3 * noise[hour][1];
  const pressure = 1013 - 1.5 * air[hour + ahead] + noise[hour][2];
  return [temperature, pressure, sun];
});

// ---- windows --------------------------------------------------------------------------------------------------------

// Scaled by what the first 70 % of the year are like: the rest is not known yet.
const split = Math.floor(0.7 * hours);
const known = ops.array(weather.slice(0, split));
const [mean, deviation] = [ops.mean(known, { axis: 0 }), ops.std(known, { axis: 0 })];
const scaled = ops.array(weather).subtract(mean).divide(deviation);
const temperatures = ops.getItem(scaled, ['...', 0]);

/** Windows of the measurements of some hours, each with the temperature `ahead` hours after its last. */
const windowsOf = (start: number, stop: number, shuffle: boolean): Iterable<[keras.Tensor, keras.Tensor]> =>
  utils.timeseriesDatasetFromArray(
    ops.getItem(scaled, { start, stop: stop - ahead }), ops.getItem(temperatures, { start: start + past + ahead - 1, stop }), past,
    { batchSize, shuffle, seed: 1 },
  ) as Iterable<[keras.Tensor, keras.Tensor]>;
const [train, later] = [windowsOf(0, split, true), windowsOf(split, hours, false)];

// ---- the guess to beat ----------------------------------------------------------------------------------------------

const degrees = deviation.at(0).item();
/** Mean error in °C of the guess that it will be as warm as it is now, at the end of each window. */
function naiveError(): number {
  let [sum, count] = [0, 0];
  for (const [windows, targets] of later) {
    const now = ops.getItem(windows, ['...', -1, 0]);
    sum += ops.sum(ops.abs(now.subtract(targets))).item() * degrees;
    count += targets.size;
  }
  return sum / count;
}
console.log(`mean error of "tomorrow as today": ${naiveError().toFixed(2)} °C`);

// ---- the network ----------------------------------------------------------------------------------------------------

const model = new keras.Sequential([keras.Input([past, 3]), new layers.GRU(24), new layers.Dense(1)]);
model.compile({ optimizer: new keras.optimizers.Adam(0.005), loss: 'mse', metrics: ['mae'] });
const stop = new keras.callbacks.EarlyStopping({ monitor: 'val_loss', patience: 3, restoreBestWeights: true });
const { history } = await model.fit(train, { epochs, verbose: 0, validationData: later, callbacks: [stop] });
history.val_mae.forEach((error, epoch) => console.log(`epoch ${epoch + 1}: mean error ${(error * degrees).toFixed(2)} °C`));

const [, error] = await model.evaluate(later, { verbose: 0 });
console.log(`mean error of the network: ${(error * degrees).toFixed(2)} °C`);
