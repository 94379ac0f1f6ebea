// Packages that are ES modules alone, which Jest does not load as they are.
const MODULES = "age-encryption|@noble|@scure";

const common = {
  testEnvironment: "node",
  clearMocks: true,
  transformIgnorePatterns: [`/node_modules/(?!(${MODULES})/)`],
  transform: {
    [`/node_modules/(${MODULES})/.+\\.js$`]: [
      "@swc/jest",
      { jsc: { target: "es2022" }, module: { type: "commonjs" } },
    ],
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
        module: { type: "commonjs" },
      },
    ],
  },
};

module.exports = {
  maxWorkers: "100%",
  // A machine that does other things too must not fail a test.
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["<rootDir>/tests/unit/**/*.test.ts"],
    },
    { ...common, displayName: "policy", testMatch: ["<rootDir>/tests/policy/**/*.test.ts"] },
    {
      ...common,
      displayName: "conformance",
      testMatch: ["<rootDir>/tests/conformance/**/*.test.ts"],
    },
    {
      ...common,
      displayName: "durability",
      testMatch: ["<rootDir>/tests/durability/**/*.test.ts"],
    },
    { ...common, displayName: "e2e", testMatch: ["<rootDir>/tests/e2e/**/*.test.ts"] },
  ],
};
