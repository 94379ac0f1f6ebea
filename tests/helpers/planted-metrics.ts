import { SHAPES, type Planter } from "./planted";
import {
  attributesOf,
  CANARY,
  id,
  KEYED,
  list,
  now,
  resourceOf,
  scopeOf,
  text,
} from "./planted-telemetry";

/** Metrics of every type with a secret of every shape in every place, exemplars included. */

const CUMULATIVE = 2;

export function plantedMetrics(planter: Planter) {
  const resourceMetrics = SHAPES.map((shape, index) => {
    const point = (type: string) => ({
      startTimeUnixNano: now(),
      timeUnixNano: now(),
      attributes: attributesOf(planter, `data point of a ${type}`, shape),
    });
    const exemplars = (type: string) => [
      {
        timeUnixNano: now(),
        asDouble: 0.5,
        traceId: id(16),
        spanId: id(8),
        filteredAttributes: [
          text("seen", CANARY),
          // Prometheus keeps 128 characters of an exemplar, so not all at once.
          text("t", planter.plant(`exemplar of a ${type}`, shape)),
        ],
      },
      {
        timeUnixNano: now(),
        asDouble: 5,
        traceId: id(16),
        spanId: id(8),
        filteredAttributes: [
          text("password", planter.plant(`exemplar of a ${type}, password`, KEYED)),
          list("l", planter.plant(`exemplar of a ${type}, a list`, shape)),
        ],
      },
    ];
    const name = `planted.${index}`;
    const histogram = { count: "3", sum: 6, exemplars: exemplars("histogram") };
    return {
      resource: resourceOf(planter, "metrics", shape),
      scopeMetrics: [
        {
          scope: scopeOf(planter, "metrics", shape),
          metrics: [
            { name: `${name}.gauge`, gauge: { dataPoints: [{ ...point("gauge"), asDouble: 1 }] } },
            {
              name: `${name}.sum`,
              sum: {
                aggregationTemporality: CUMULATIVE,
                isMonotonic: true,
                dataPoints: [{ ...point("sum"), asDouble: 1, exemplars: exemplars("sum") }],
              },
            },
            {
              name: `${name}.histogram`,
              histogram: {
                aggregationTemporality: CUMULATIVE,
                dataPoints: [
                  {
                    ...point("histogram"),
                    ...histogram,
                    explicitBounds: [1],
                    bucketCounts: ["1", "2"],
                  },
                ],
              },
            },
            {
              name: `${name}.exponential`,
              exponentialHistogram: {
                aggregationTemporality: CUMULATIVE,
                dataPoints: [
                  {
                    ...point("native histogram"),
                    ...histogram,
                    scale: 0,
                    zeroCount: "0",
                    positive: { offset: 0, bucketCounts: ["1", "2"] },
                  },
                ],
              },
            },
            {
              name: `${name}.summary`,
              summary: {
                dataPoints: [
                  {
                    ...point("summary"),
                    count: "1",
                    sum: 1,
                    quantileValues: [{ quantile: 0.5, value: 1 }],
                  },
                ],
              },
            },
          ],
        },
      ],
    };
  });
  return { resourceMetrics };
}
