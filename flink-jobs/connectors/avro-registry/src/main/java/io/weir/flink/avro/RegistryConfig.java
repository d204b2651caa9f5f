package io.weir.flink.avro;

import static io.weir.flink.avro.AvroRegistryOptions.MAX_RETRIES;
import static io.weir.flink.avro.AvroRegistryOptions.PASSWORD;
import static io.weir.flink.avro.AvroRegistryOptions.REQUEST_TIMEOUT;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_LOCATION;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_PASSWORD;
import static io.weir.flink.avro.AvroRegistryOptions.TRUSTSTORE_TYPE;
import static io.weir.flink.avro.AvroRegistryOptions.URL;
import static io.weir.flink.avro.AvroRegistryOptions.USERNAME;
import static io.weir.flink.avro.AvroRegistryOptions.name;

import io.weir.flink.avro.AvroRegistryOptions.TruststoreType;
import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/**
 * How to reach a registry. Equal ones share one client and one cache in a JVM.
 *
 * @param url without a slash at the end
 */
record RegistryConfig(
    String url,
    String username,
    String password,
    String truststoreLocation,
    String truststorePassword,
    TruststoreType truststoreType,
    Duration requestTimeout,
    int maxRetries)
    implements Serializable {

  /**
   * Takes the options of a table.
   *
   * @throws ValidationException if an option does not make sense
   */
  static RegistryConfig of(ReadableConfig options) {
    RegistryConfig config =
        new RegistryConfig(
            options.get(URL).replaceAll("/+$", ""),
            options.get(USERNAME),
            options.get(PASSWORD),
            options.get(TRUSTSTORE_LOCATION),
            options.get(TRUSTSTORE_PASSWORD),
            options.get(TRUSTSTORE_TYPE),
            options.get(REQUEST_TIMEOUT),
            options.get(MAX_RETRIES));
    config.validate();
    return config;
  }

  private void validate() {
    URI uri = parseUrl();
    boolean https = "https".equalsIgnoreCase(uri.getScheme());
    require(https || "http".equalsIgnoreCase(uri.getScheme()), URL, "starts with http or https");
    require(uri.getHost() != null, URL, "names a host");
    require(
        uri.getRawUserInfo() == null,
        URL,
        "has no user or password in it; use " + name(USERNAME) + " and " + name(PASSWORD));
    require(uri.getRawQuery() == null, URL, "has no query");
    require((username == null) == (password == null), USERNAME, "goes with " + name(PASSWORD));
    require(https || truststoreLocation == null, TRUSTSTORE_LOCATION, "goes with an https url");
    require(
        !requestTimeout.isZero() && !requestTimeout.isNegative(),
        REQUEST_TIMEOUT,
        "is longer than 0");
    require(maxRetries >= 0, MAX_RETRIES, "is 0 or more");
  }

  private URI parseUrl() {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      // The address itself may hold a password, so it is not repeated.
      throw new ValidationException(name(URL) + " is an address: " + e.getReason());
    }
  }

  private static void require(boolean valid, ConfigOption<?> option, String rule) {
    if (!valid) {
      throw new ValidationException("Wrong value: " + name(option) + " " + rule + ".");
    }
  }

  /** Without credentials, as it may end up in a log. */
  @Override
  public String toString() {
    return "RegistryConfig[url=" + url + "]";
  }
}
