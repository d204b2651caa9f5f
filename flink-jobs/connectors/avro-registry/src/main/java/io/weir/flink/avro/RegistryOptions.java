package io.weir.flink.avro;

import static io.weir.flink.avro.AvroRegistryOptions.MAX_RETRIES;
import static io.weir.flink.avro.AvroRegistryOptions.PASSWORD;
import static io.weir.flink.avro.AvroRegistryOptions.PASSWORD_PATH;
import static io.weir.flink.avro.AvroRegistryOptions.REQUEST_TIMEOUT;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_LOCATION;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_PASSWORD;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_TYPE;
import static io.weir.flink.avro.AvroRegistryOptions.URL;
import static io.weir.flink.avro.AvroRegistryOptions.USERNAME;
import static io.weir.flink.avro.AvroRegistryOptions.name;

import io.weir.registry.RegistryConfig;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** Reads and validates the table options for the registry connection. */
final class RegistryOptions {
  private RegistryOptions() {}

  /**
   * Reads the options of a table.
   *
   * @throws ValidationException if an option is invalid
   */
  static RegistryConfig of(ReadableConfig options) {
    RegistryConfig config =
        new RegistryConfig(
            options.get(URL).replaceAll("/+$", ""),
            options.get(USERNAME),
            options.get(PASSWORD),
            options.get(PASSWORD_PATH),
            options.get(TRUSTSTORE_LOCATION),
            options.get(TRUSTSTORE_PASSWORD),
            options.get(TRUSTSTORE_TYPE),
            options.get(REQUEST_TIMEOUT),
            options.get(MAX_RETRIES));
    validate(config);
    return config;
  }

  private static void validate(RegistryConfig config) {
    URI uri = parseUrl(config.url());
    boolean https = "https".equalsIgnoreCase(uri.getScheme());
    require(https || "http".equalsIgnoreCase(uri.getScheme()), URL, "starts with http or https");
    require(uri.getHost() != null, URL, "names a host");
    require(
        uri.getRawUserInfo() == null,
        URL,
        "has no user or password in it; use " + name(USERNAME) + " and " + name(PASSWORD));
    require(uri.getRawQuery() == null, URL, "has no query");
    boolean withPassword = config.password() != null || config.passwordPath() != null;
    require(
        (config.username() != null) == withPassword,
        USERNAME,
        "goes with " + name(PASSWORD) + " or " + name(PASSWORD_PATH));
    require(
        config.password() == null || config.passwordPath() == null,
        PASSWORD_PATH,
        "takes the place of " + name(PASSWORD));
    require(
        https || config.truststoreLocation() == null,
        TRUSTSTORE_LOCATION,
        "goes with an https url");
    require(
        !config.requestTimeout().isZero() && !config.requestTimeout().isNegative(),
        REQUEST_TIMEOUT,
        "is longer than 0");
    require(config.maxRetries() >= 0, MAX_RETRIES, "is 0 or more");
  }

  private static URI parseUrl(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      // Do not repeat the URL in the error, because it may contain a password.
      throw new ValidationException(name(URL) + " is an address: " + e.getReason());
    }
  }

  private static void require(boolean valid, ConfigOption<?> option, String rule) {
    if (!valid) {
      throw new ValidationException("Wrong value: " + name(option) + " " + rule + ".");
    }
  }
}
